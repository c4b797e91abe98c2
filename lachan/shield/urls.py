from django.urls import path

from . import views

urlpatterns = [
    path("check/", views.check, name="check"),
    path("check/shared/", views.shared, name="check-shared"),
    path("blocked/", views.blocked, name="blocked"),
]
