"""Leads as a deployed stack has them."""

import time

from leadscore.adapters import clients
from leadscore.adapters.deployment import Deployment
from leadscore.adapters.dynamodb_accounts import DynamoDBAccountStore
from leadscore.adapters.dynamodb_events import DynamoDBEventLog
from leadscore.adapters.dynamodb_leads import DynamoDBLeadStore
from leadscore.adapters.dynamodb_stages import DynamoDBStageIndex
from leadscore.adapters.dynamodb_transitions import DynamoDBTransitionLog
from leadscore.adapters.models import StoredModels, shipped_text
from leadscore.cli.clock import now
from leadscore.use_cases.read_leads import LeadReading


def lead_reading(deployment: Deployment) -> LeadReading:
    client = clients.dynamodb()
    leads, events = (deployment.outputs[name] for name in ("LeadsTableName", "EventsTableName"))
    return LeadReading(
        store=DynamoDBLeadStore(client, table=leads),
        log=DynamoDBEventLog(client, table=events),
        transitions=DynamoDBTransitionLog(client, table=leads),
        index=DynamoDBStageIndex(client, table=leads),
        models=StoredModels(client, table=leads, default_text=shipped_text, clock=time.monotonic),
        now=now,
        accounts=DynamoDBAccountStore(client, table=leads),
    )
