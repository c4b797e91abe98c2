"""Days, moments and numbers as people here write them; what is not here is Django's own for the language."""

SHORT_DATE_FORMAT = DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT = "H:i d/m/Y"
# Django's own would read a typed 03/12 as the twelfth of March.
DATE_INPUT_FORMATS = ["%d/%m/%Y", "%d-%m-%Y"]
DATETIME_INPUT_FORMATS = ["%H:%M %d/%m/%Y", "%d/%m/%Y %H:%M"]
NUMBER_GROUPING = 3
