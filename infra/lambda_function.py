"""The one way to make a Lambda here: runtime, size, logs and a role of its own, so that a new one costs ten lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledge import acknowledge

LOG_LEVEL = "INFO"
METRICS_NAMESPACE = "LeadScore"


@dataclass(frozen=True)
class Functions:
    """What all functions share: the directory they run from, and how they are observed."""

    bundle: Path
    tracing: bool

    def create(
        self,
        scope: Construct,
        name: str,
        *,
        does: str,
        timeout: Duration,
        memory_mb: int,
        environment: Mapping[str, str],
        when_it_fails: str,
    ) -> lambda_.Function:
        """The function of functions/<name>.py. Until something is granted it may write its own log, no more."""
        role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=does)
        log = logs.LogGroup(scope, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)
        log.grant_write(role)
        function = lambda_.Function(
            scope,
            "Function",
            description=does,
            # The bundle's name is the hash of what went into it: the same code is the same asset on any machine.
            code=lambda_.Code.from_asset(str(self.bundle), asset_hash=self.bundle.name),
            handler=f"functions.{name}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            timeout=timeout,
            memory_size=memory_mb,
            role=role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            # Start, end and report lines would cost more than what they report on.
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            tracing=lambda_.Tracing.ACTIVE if self.tracing else lambda_.Tracing.DISABLED,
            recursive_loop=lambda_.RecursiveLoop.TERMINATE,
            environment={
                "POWERTOOLS_SERVICE_NAME": name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": LOG_LEVEL,
                **environment,
            },
        )
        self._acknowledge(function, when_it_fails)
        return function

    def _acknowledge(self, function: lambda_.Function, when_it_fails: str) -> None:
        runtime = "Python 3.13 is what the locked dependencies, the emulator and the tests run on."
        acknowledge(function, "AwsSolutions-L1", runtime)
        acknowledge(function, "Serverless-LambdaLatestVersion", runtime)
        acknowledge(function, "Serverless-LambdaDLQ", when_it_fails)
        if self.tracing:
            acknowledge(function.role, "AwsSolutions-IAM5[Resource::*]", "X-Ray knows no resource.")
        else:
            acknowledge(function, "Serverless-LambdaTracing", "A deployer's choice, by the context `tracing`.")
