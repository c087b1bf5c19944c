"""Webhooks: what e-mail platforms, form builders, calendars and CRMs tell by themselves, one module a sender."""
