"""Which version of the scoring model is in force. Bringing the leads to it is `rescore_all`'s."""

from leadscore.domain.model import Model
from leadscore.use_cases.ports import Activation, ModelVersions, Version

#: The number of the first activation by a person: the model that ships is in force under the one before.
FIRST = 2


class NothingBefore(Exception):
    """No other version was ever in force."""


def activate(*, version: Version, model: Model, tells: bool, versions: ModelVersions, now: int) -> Activation:
    """Put a version, which says `model`, into force. Raises VersionConflict where somebody else does at this time."""
    before = versions.in_force()
    activation = Activation(
        activation=before.activation + 1 if before else FIRST,
        name=version.name,
        version=version.version,
        activated_at=now,
        stages=tuple(stage.name for stage in model.stages),
        tells=tells,
        back_to=_back_to(before, version),
    )
    versions.put_into_force(activation)
    return activation


def roll_back(*, tells: bool, versions: ModelVersions, now: int) -> Activation:
    """Put the version into force that was before this one, and the next time the one before that.

    Raises NothingBefore, VersionConflict.
    """
    present = versions.in_force()
    earlier = goes_back_to(versions)
    if present is None or earlier is None:
        raise NothingBefore
    # What that one would have gone back to, this one goes back to: two rollbacks are two steps, not there and back.
    activation = earlier._replace(activation=present.activation + 1, activated_at=now, tells=tells)
    versions.put_into_force(activation)
    return activation


def goes_back_to(versions: ModelVersions) -> Activation | None:
    """The activation that a rollback would repeat."""
    present = versions.in_force()
    if present is None:
        return None
    return next((then for then in versions.activations() if then.activation == present.back_to), None)


def _back_to(before: Activation | None, version: Version) -> int:
    if before is None:
        return 0
    is_the_same = (before.name, before.version) == (version.name, version.version)
    return before.back_to if is_the_same else before.activation
