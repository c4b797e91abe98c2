from django.utils.translation import gettext_lazy as _

from .records import AuditAction


class MemberAudit(AuditAction):
    """Audit actions of this room, and of the rooms below it."""

    API_KEY_MAKE = "api_key.make", _("made an API key")
    API_KEY_REVOKE = "api_key.revoke", _("revoked an API key")
    CONFIRMATION_ASK = (
        "confirmation.ask",
        _("asked for a role that a second person has to agree to"),
    )
    CONFIRMATION_GIVE = "confirmation.give", _("agreed as the second person")
    CONFIRMATION_STOP = "confirmation.stop", _("stopped what waited for a second person")
    DESK_KEY_GIVE = "desk_key.give", _("gave the desk's key")
    DESK_KEY_OPEN = "desk_key.open", _("opened the desk's key")
    DESK_KEY_ROTATE = "desk_key.rotate", _("made a fresh desk key")
    DESK_KEY_WITHDRAW = "desk_key.withdraw", _("took a copy of the desk's key back")
    FACTOR_ADD = "factor.add", _("added a second factor")
    FACTOR_REMOVE = "factor.remove", _("removed a second factor")
    INVITATION_MAKE = "invitation.make", _("made a link")
    INVITATION_WITHDRAW = "invitation.withdraw", _("withdrew a link")
    ORGANISATION_CHANGE = "organisation.change", _("changed an organisation")
    ORGANISATION_MAKE = "organisation.make", _("took an organisation in")
    OUTBOX_DROP = "outbox.drop", _("dropped events that could not be delivered")
    PASSWORD_CHANGE = "password.change", _("changed the password")
    PERSON_DEACTIVATE = "person.deactivate", _("ended somebody's access")
    PERSON_JOIN = "person.join", _("joined")
    PERSON_RETURN = "person.return", _("made a link for a new password")
    POLICY_REFUSE = "policy.refuse", _("was refused")
    PROGRAMME_CHANGE = "programme.change", _("changed a programme")
    PROGRAMME_MAKE = "programme.make", _("made a programme")
    RECOVERY_SPLIT = "recovery.split", _("made recovery shares")
    RECOVERY_USE = "recovery.use", _("used recovery shares")
    RECOVERY_CODES_MAKE = "recovery_codes.make", _("made recovery codes")
    ROLE_GRANT = "role.grant", _("gave a role")
    ROLE_REVOKE = "role.revoke", _("took a role back")
    SESSION_END = "session.end", _("signed a device out")
    SIGN_IN_COMPLETE = "sign_in.complete", _("signed in")
    SIGN_IN_FAIL = "sign_in.fail", _("could not sign in")
    SIGN_OUT = "sign_out", _("signed out")
