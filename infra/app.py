"""`cdk` runs this. The only module that reads context: everything below it is told what it needs."""

import sys

from aws_cdk import App, CliCredentialsStackSynthesizer

from infra import bundle
from infra.settings import Settings, SettingsError
from infra.stack import LeadScoreStack


def main() -> None:
    app = App()
    try:
        settings = Settings.read(app.node.try_get_context)
    except SettingsError as error:
        # A sentence and no traceback: who deploys has a line of cdk.json to mend, not a program.
        sys.exit(str(error))
    LeadScoreStack(
        app,
        "LeadScore",
        settings=settings,
        bundle=bundle.build("local" if settings.local else "aws"),
        # The emulator has no bootstrap roles to assume; on AWS the default synthesizer uses them.
        synthesizer=CliCredentialsStackSynthesizer() if settings.local else None,
    )
    app.synth()


if __name__ == "__main__":
    main()
