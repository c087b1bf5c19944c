"""An HTTP API in front of one function: throttled, and logged without personal values.

Every path goes to the function, which knows the methods and answers what it does not know in the form that clients
understand; API Gateway's own errors have no `code`, which some analytics clients take for a reason to come again.
"""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.acknowledge import acknowledge

#: No path (it may hold an id), no query, no address, no user agent.
ACCESS_LOG = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "function_ms": "$context.integrationLatency",
    "error": "$context.error.responseType",
}


class HttpApi(Construct):
    """`open_because` says who checks the caller."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: lambda_.IFunction,
        requests_per_second: int,
        description: str,
        open_because: str,
    ) -> None:
        super().__init__(scope, id)
        self.api = apigatewayv2.HttpApi(
            self,
            "Api",
            description=description,
            create_default_stage=False,
            default_integration=integrations.HttpLambdaIntegration("Function", function),
        )
        acknowledge(self.api, "AwsSolutions-APIG4", open_because)
        self._stage(requests_per_second)

    @property
    def url(self) -> str:
        return self.api.api_endpoint

    def _stage(self, requests_per_second: int) -> None:
        log = logs.LogGroup(
            self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        apigatewayv2.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigatewayv2.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=requests_per_second, throttling_burst_limit=2 * requests_per_second
            ),
            access_log_settings=apigatewayv2.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
        )
