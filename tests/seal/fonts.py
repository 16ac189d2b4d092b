"""A typeface with Chinese characters: Debian's fonts-lxgw-wenkai."""

from pathlib import Path

KAI_BOLD = Path("/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Bold.ttf")
