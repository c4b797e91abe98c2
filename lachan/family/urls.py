from django.urls import path

<<<<<<< HEAD
from .views import adults, children, classes, entry, mine, schools
=======
from .views import adults, children, entry, mine, platforms
>>>>>>> family

urlpatterns = [
    path("family/", adults.home, name="family-home"),
    path("family/start/", entry.start, name="family-start"),
    path("family/found/", entry.found, name="family-found"),
    path("family/open/", entry.door, name="family-open"),
    path("family/join/<str:token>/", entry.join, name="family-join"),
    path("family/sign-out/", entry.sign_out, name="family-sign-out"),
    path("family/code/", adults.code_new, name="family-code-new"),
    path("family/code/kept/", adults.code_kept, name="family-code-kept"),
    path("family/adults/", adults.adults, name="family-adults"),
    path("family/adults/name/", adults.adult_name, name="family-adult-name"),
    path("family/adults/invite/", adults.adult_invite, name="family-adult-invite"),
    path("family/adults/<uuid:uid>/remove/", adults.adult_remove, name="family-adult-remove"),
    path("family/sessions/<uuid:uid>/end/", adults.session_end, name="family-session-end"),
    path("family/history/", adults.history, name="family-history"),
    path("family/leave/", adults.leave, name="family-leave"),
    path("family/delete/", adults.delete, name="family-delete"),
    path("family/children/new/", children.child_new, name="family-child-new"),
    path("family/children/<uuid:uid>/", children.child, name="family-child"),
    path("family/children/<uuid:uid>/edit/", children.child_edit, name="family-child-edit"),
    path("family/children/<uuid:uid>/rules/", children.rules, name="family-rules"),
    path("family/children/<uuid:uid>/times/", children.slot_add, name="family-slot-add"),
    path("family/children/<uuid:uid>/times-off/", children.slot_remove, name="family-slot-remove"),
    path("family/children/<uuid:uid>/names/", children.name_add, name="family-name-add"),
    path("family/names/<uuid:uid>/remove/", children.name_remove, name="family-name-remove"),
    path("family/children/<uuid:uid>/pause/", children.pause, name="family-pause"),
    path("family/children/<uuid:uid>/devices/", children.device_add, name="family-device-add"),
    path("family/children/<uuid:uid>/remove/", children.child_remove, name="family-child-remove"),
    path("family/devices/<uuid:uid>/", children.device, name="family-device"),
    path("family/devices/<uuid:uid>/remove/", children.device_remove, name="family-device-remove"),
    path("family/devices/<uuid:uid>/on/<str:platform>/", platforms.on_device, name="family-on"),
    path(
        "family/devices/<uuid:uid>/la-chan.mobileconfig",
        platforms.device_profile,
        name="family-device-profile",
    ),
    path("family/asks/<uuid:uid>/", children.ask_answer, name="family-ask-answer"),
    path("family/teachers/<uuid:uid>/", schools.teacher, name="family-teacher"),
    path("family/classes/list/", schools.class_list, name="family-class-list"),
    path("family/classes/<uuid:uid>/", classes.class_one, name="family-class"),
    path("family/classes/<uuid:uid>/lesson/", classes.lesson, name="family-lesson"),
    path("family/classes/<uuid:uid>/networks/", classes.network_add, name="family-network-add"),
    path("family/classes/<uuid:uid>/page/", classes.board_set, name="family-board"),
    path("class/<str:token>/", classes.board, name="class-board"),
    path("my/", mine.mine, name="my"),
    path("my/join/<str:token>/", mine.join, name="my-join"),
    path("my/ask/", mine.ask, name="my-ask"),
    path("my/on/<str:platform>/", platforms.on_mine, name="my-on"),
    path("my/la-chan.mobileconfig", platforms.my_profile, name="my-profile"),
]
