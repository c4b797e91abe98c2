from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("report/", views.report, name="report"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/write/", views.inbox_write, name="inbox-write"),
    path("inbox/close/", views.inbox_close, name="inbox-close"),
]
