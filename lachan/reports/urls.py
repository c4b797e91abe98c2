from django.urls import path

from .views import held, public

urlpatterns = [
    path("", public.home, name="home"),
    path("report/", public.report, name="report"),
    path("inbox/", public.inbox, name="inbox"),
    path("inbox/write/", public.inbox_write, name="inbox-write"),
    path("inbox/close/", public.inbox_close, name="inbox-close"),
    path("staff/held/", held.held, name="held"),
    path("staff/held/release/", held.release, name="held-release"),
]
