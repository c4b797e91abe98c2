"""The API keeps what its OpenAPI document promises, whatever is sent (schemathesis)."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lachan.config.wsgi import application

schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", application)


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_keeps_its_document(case):
    # A value of the right shape may still be no address, number or account: that is no broken promise.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
