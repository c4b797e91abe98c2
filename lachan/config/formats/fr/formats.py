"""Days and moments in French; what is not here is Django's own for the language."""

SHORT_DATE_FORMAT = DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT = "d/m/Y H:i"
