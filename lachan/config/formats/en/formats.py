"""Days and moments in English: the month by name, since 03/12 is two days to readers of two countries."""

SHORT_DATE_FORMAT = DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT = "j M Y H:i"
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%d %b %Y"]
DATETIME_INPUT_FORMATS = ["%d/%m/%Y %H:%M", "%d %b %Y %H:%M"]
