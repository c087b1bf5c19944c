"""`cdk` runs this. The only module that reads context: everything below it is told what it needs."""

from aws_cdk import App, CliCredentialsStackSynthesizer

from infra import bundle
from infra.settings import Settings
from infra.stack import LeadScoreStack


def main() -> None:
    app = App()
    settings = Settings.read(app.node.try_get_context)
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
