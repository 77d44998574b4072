"""Addresses of isolation, under /isolation/."""

from __future__ import annotations

from django.urls import path

from shouwang.isolation import views, views_beds

app_name = "isolation"
urlpatterns = [
    path("mine/", views.mine, name="mine"),
    path("mine/<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("mine/<int:pk>/object/", views.object_to, name="object"),
    path("orders/", views.orders, name="list"),
    path("orders/<int:pk>/", views.order, name="order"),
    path("orders/<int:pk>/room/", views.assign, name="assign"),
    path("orders/<int:pk>/home/", views.stay_home, name="stay_home"),
    path("orders/<int:pk>/end/", views.end, name="end"),
    path("orders/<int:pk>/answer/", views.answer, name="answer"),
    path("orders/<int:pk>/need/", views.need, name="need"),
    path("rooms/", views.rooms, name="rooms"),
    path("rooms/plan/", views_beds.plan, name="plan"),
    path("rooms/cleaned/", views_beds.cleaned, name="cleaned"),
    path("rooms/<int:pk>/sheet/", views_beds.sheet, name="sheet"),
    path("rooms/<int:pk>/", views.place, name="place"),
    path("absent/", views.absent, name="absent"),
]
