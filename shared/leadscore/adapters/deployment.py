"""A deployed stack, found by its name: where its parts are, and how its functions are set."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient


#: Whatever AWS, or the way to it, may answer in place of what was asked.
AWS_ERRORS = (ClientError, BotoCoreError)


class NotDeployed(Exception):
    """There is no such stack in this account and region."""


class Deployment:
    """Reads the stack once. Its outputs are those that `infra/stack.py` lists."""

    def __init__(self, cloudformation: "CloudFormationClient", lambda_: "LambdaClient", *, stack: str) -> None:
        self._cloudformation = cloudformation
        self._lambda = lambda_
        self._stack = stack

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        try:
            (found,) = self._cloudformation.describe_stacks(StackName=self._stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                raise NotDeployed(self._stack) from error
            raise
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}

    def environment(self, function: str) -> Mapping[str, str]:
        """The settings of a function; `function` as in the output's name (`Notify`)."""
        name = self.outputs[f"{function}FunctionName"]
        configuration = self._lambda.get_function_configuration(FunctionName=name)
        return configuration.get("Environment", {}).get("Variables", {})
