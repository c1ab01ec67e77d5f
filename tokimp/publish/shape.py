"""From the files of this tokimp to those of a Space: front matter and requirements for its name and hardware."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huggingface_hub import SpaceHardware, constants

from tokimp.errors import PublishError
from tokimp.publish import front_matter

ZERO = "zero-a10g"
# The newest that ZeroGPU takes; other hardware takes what requirements.txt says.
TORCH_OF_ZERO = "torch>=2.8,<2.12"
PICTURE = "assets/pictures/next-token.png"


def shaped(files: dict[str, bytes], space: str, hardware: str | None, preload: Sequence[str]) -> dict[str, bytes]:
    """The same files with a README and requirements for this Space.

    Raises:
        PublishError: Spaces would not take them.
    """
    if hardware is not None and hardware not in [each.value for each in SpaceHardware]:
        raise PublishError(
            f"Spaces have no hardware {hardware!r}.", f"There are: {', '.join(each.value for each in SpaceHardware)}."
        )
    readme, requirements = files["README.md"].decode(), files["requirements.txt"].decode()
    facts: dict[str, str | list[str]] = {}
    if "thumbnail" not in front_matter.read(readme) and PICTURE in files:
        facts["thumbnail"] = f"{constants.ENDPOINT}/spaces/{space}/resolve/main/{PICTURE}"
    if preload:
        facts["preload_from_hub"] = list(preload)
    if hardware:
        facts["suggested_hardware"] = hardware
    if hardware == ZERO:
        requirements = re.sub(r"(?m)^torch\b[^\n-]*$", TORCH_OF_ZERO, requirements)
    readme = front_matter.extended(readme, facts)
    front_matter.checked(front_matter.read(readme), files.keys(), requirements)
    return files | {"README.md": readme.encode(), "requirements.txt": requirements.encode()}
