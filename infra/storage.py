"""What is kept: the event log, the leads, and what could not be processed."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledge import acknowledge, acknowledge_wildcard
from infra.grant import allow
from infra.settings import Settings

STRING = dynamodb.AttributeType.STRING
NUMBER = dynamodb.AttributeType.NUMBER
FAILED = "failed/"
CLAIMS = "claims/"


class Storage(Construct):
    """Two tables, because the log and the leads have different lives, and a bucket for failed events."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.events = self._table("EventsTable")
        self.leads = self._table("LeadsTable", stream=dynamodb.StreamViewType.NEW_IMAGE)
        # Keys only, and of attributes that ordinary activity does not change: an index entry costs as much as a write.
        self._index("due", "due_shard", "due_at", NUMBER)
        self._index("stage", "stage_shard", "pk", STRING)
        self.failed_events = self._bucket()

    def allow_keeping_failed_events(self, function: lambda_.Function) -> None:
        allow(function, self.failed_events.arn_for_objects(f"{FAILED}*"), "s3:PutObject")
        acknowledge_wildcard(
            function.role, self.failed_events, f"/{FAILED}*", "A failed event is named by day and hash."
        )

    def allow_claiming(self, function: lambda_.Function) -> None:
        allow(function, self.failed_events.arn_for_objects(f"{CLAIMS}*"), "s3:PutObject", "s3:GetObject")
        acknowledge_wildcard(function.role, self.failed_events, f"/{CLAIMS}*", "A claim is named by a hash.")

    def allow_index(self, function: lambda_.Function, index: str) -> None:
        allow(function, f"{self.leads.table_arn}/index/{index}", "dynamodb:Query")

    def _table(self, name: str, stream: dynamodb.StreamViewType | None = None) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name="pk", type=STRING),
            sort_key=dynamodb.Attribute(name="sk", type=STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=not self._settings.ephemeral
            ),
            deletion_protection=not self._settings.ephemeral,
            removal_policy=self._settings.removal,
            stream=stream,
        )

    def _index(self, name: str, partition: str, sort: str, sort_type: dynamodb.AttributeType) -> None:
        self.leads.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=partition, type=STRING),
            sort_key=dynamodb.Attribute(name=sort, type=sort_type),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    def _bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "FailedEvents",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=self._settings.tls_only,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(noncurrent_version_expiration=Duration.days(30)),
                # Nothing that is signed is taken a day later.
                s3.LifecycleRule(
                    prefix=CLAIMS, expiration=Duration.days(1), noncurrent_version_expiration=Duration.days(1)
                ),
            ],
            removal_policy=self._settings.removal,
        )
        acknowledge(
            bucket,
            "AwsSolutions-S1",
            "Only this stack's functions write here and only operators read; CloudTrail data events audit that where"
            " it matters, without a second bucket of logs.",
        )
        return bucket
