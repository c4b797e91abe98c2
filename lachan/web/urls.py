from django.urls import path

from . import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("status/", views.status, name="status"),
    path("language", views.language_set, name="language"),
]
