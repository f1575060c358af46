"""What scikit-learn asks of an estimator, whatever it learns: parameters by name, tags, copies that know nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

from tellapart.errors import UsageError
from tellapart.settings import TrainSettings

SETTINGS = tuple(field.name for field in dataclasses.fields(TrainSettings))
PARAMETERS = (*SETTINGS, "out", "progress")
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(TrainSettings)} | {"out": None, "progress": None}


class Estimator:
    """The part of an estimator that follows from its parameters alone."""

    recipe: str

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, by name."""
        return {name: getattr(self, name) for name in PARAMETERS}

    def set_params(self, **parameters: Any) -> Any:
        """Change parameters.

        Raises:
            UsageError: there is no such parameter.
        """
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise UsageError(f"There is no parameter '{name}'.", fix=f"Use one of: {', '.join(known)}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = {k: v for k, v in self.get_params().items() if v is not _DEFAULTS[k] and v != _DEFAULTS[k]}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools ask first, from version 1.6 on; only they call it."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),  # a folder brings its labels
            input_tags=InputTags(two_d_array=False, three_d_array=True),  # photos, and no table of numbers
            classifier_tags=ClassifierTags(),
            non_deterministic=self.recipe in ("best", "scratch"),  # these end by the clock
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it was trained or loaded."""
        return hasattr(self, "_engine")

    def __sklearn_clone__(self) -> Any:
        """The same parameters, not fitted; the progress reporter is shared, not copied."""
        return type(self)(**self.get_params())
