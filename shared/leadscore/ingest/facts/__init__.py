"""Derived facts: what an event says between its lines, worked out once, at the door, and logged with it.

So a score can be replayed: newer lists of mail providers or job titles change new events only. A module per concern.
"""
