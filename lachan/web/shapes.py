"""Shapes of the API's fields that several rooms take, within what can be kept and shown everywhere."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from lachan.kernel.bounds import moment_checked
from lachan.kernel.errors import InvalidInput


def _within(moment: datetime) -> datetime:
    try:
        return moment_checked(moment)
    except InvalidInput as error:
        raise ValueError(str(error)) from None


Moment = Annotated[AwareDatetime, AfterValidator(_within)]
