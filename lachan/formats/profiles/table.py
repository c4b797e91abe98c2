"""The table of profiles, written by one process and read by any number: its two ends."""

from lachan.formats.profiles.reader import ProfileReader, ProfilesStatus
from lachan.formats.profiles.writer import ProfileWriter

__all__ = ["ProfileReader", "ProfileWriter", "ProfilesStatus"]
