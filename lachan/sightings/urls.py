from django.urls import path

from . import views

urlpatterns = [
    path("staff/match/", views.match, name="match"),
    path("staff/match/health/", views.match_health, name="match-health"),
]
