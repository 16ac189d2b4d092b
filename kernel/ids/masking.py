"""Numbers and names as they may be shown to somebody who already knows whom they are about."""

_MASK = "*"


def mask_number(number: str) -> str:
    """All but the last four characters hidden; of a short number, all but the last third."""
    shown = min(4, len(number) // 3)
    return _MASK * (len(number) - shown) + number[len(number) - shown :]


def mask_name(name: str) -> str:
    """All but the last character hidden: 张小明 becomes **明. A single character is hidden."""
    if len(name) < 2:
        return _MASK * len(name)
    return _MASK * (len(name) - 1) + name[-1]
