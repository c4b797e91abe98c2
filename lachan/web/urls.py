from django.urls import path

from . import views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("language", views.language_set, name="language"),
]
