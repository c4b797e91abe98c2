from django.urls import path

from .views import acts, case, queue

_CASE = "staff/cases/<uuid:uid>/"

urlpatterns = [
    path("staff/cases/", queue.queue, name="case-queue"),
    path(_CASE, case.case, name="case"),
    path(f"{_CASE}report/", case.report, name="case-report"),
    *(path(f"{_CASE}{name}/", view, name=f"case-{name}") for name, view in acts.ACTS.items()),
]
