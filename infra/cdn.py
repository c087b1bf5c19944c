"""CloudFront in front of the public door: every type of compressed body, a domain of the deployer's, HTTP/3."""

from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infra.acknowledge import acknowledge
from infra.settings import Settings

EDGE = Path(__file__).with_name("edge.js")
#: Errors that CloudFront would keep for ten seconds by itself, and then give to others who ask for the same path.
KEPT_ERRORS = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)


class Cdn(Construct):
    def __init__(self, scope: Construct, id: str, *, api: apigatewayv2.HttpApi, settings: Settings) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        host = f"{api.api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        edge = cloudfront.Function(
            self,
            "Edge",
            code=cloudfront.FunctionCode.from_file(file_path=str(EDGE)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            comment="Labels compressed bodies as bytes; keeps the host and the address that the client has",
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Lead events: SDKs, pixels, forms",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    host,
                    protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
                    origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # API Gateway would take no other host than its own.
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                # A redirect would come after the write key had been sent in the clear.
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=edge, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                    )
                ],
            ),
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in KEPT_ERRORS
            ],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            domain_names=[settings.collect_domain] if settings.collect_domain else None,
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", settings.collect_certificate)
            if settings.collect_domain
            else None,
        )
        self.url = f"https://{settings.collect_domain or self.distribution.distribution_domain_name}"
        self._acknowledge(settings)

    def _acknowledge(self, settings: Settings) -> None:
        for rule, reason in {
            "AwsSolutions-CFR1": "Leads may come from any country.",
            "AwsSolutions-CFR2": "A deployer's choice: a web ACL costs by the month; it can be added.",
            "AwsSolutions-CFR3": "CloudFront's access logs hold addresses and queries; API Gateway logs the requests"
            " without them.",
        }.items():
            acknowledge(self.distribution, rule, reason)
        if not settings.collect_domain:
            acknowledge(
                self.distribution,
                "AwsSolutions-CFR4",
                "CloudFront's own domain takes no policy; with `collect_domain` it is TLS 1.2 or newer.",
            )
