from django.urls import path

from .views import held, inbox, public

urlpatterns = [
    path("", public.home, name="home"),
    path("report/", public.report, name="report"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/write/", inbox.inbox_write, name="inbox-write"),
    path("inbox/close/", inbox.inbox_close, name="inbox-close"),
    path("inbox/leave/", inbox.inbox_leave, name="inbox-leave"),
    path("staff/held/", held.held, name="held"),
    path("staff/held/release/", held.release, name="held-release"),
]
