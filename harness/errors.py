"""One exception tree. Every message names the value, the limit and the remedy, in one paragraph."""


class HarnessError(Exception):
    """Root of everything the harness refuses."""


class DataError(HarnessError):
    """A dataset that is missing, altered or inconsistent."""


class ModelError(HarnessError):
    """A model that cannot be found, loaded or trusted."""


class PlanError(HarnessError):
    """A request that cannot be carried out: a layer outside the model, a strength that is not finite."""


class SteeringError(HarnessError):
    """Steering that did not happen as planned."""


class DirectionError(HarnessError):
    """A direction that cannot be fitted, or that belongs to another model."""


class StoreError(HarnessError):
    """Run records that cannot be read or written."""


class EffectError(HarnessError):
    """Measurements that no effect or verdict can be computed from."""
