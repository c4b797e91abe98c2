from django import template

from lachan.web.menu import menu_list

register = template.Library()
register.simple_tag(menu_list)
