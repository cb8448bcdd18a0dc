"""Who has which name and address."""

from __future__ import annotations

import ipaddress

import pytest

from inferometer_dev.cluster.addresses import API_URL, LAN, MAX_NODES, SERVICES, Member, Plan

BENCHMARKS = ipaddress.IPv4Network("198.18.0.0/15")


def test_the_control_plane_comes_first_and_nodes_are_counted_from_one() -> None:
    members = Plan(2).members

    assert [(member.name, member.namespace, member.address) for member in members] == [
        ("control-plane", "infm0", "198.19.1.1"),
        ("node-1", "infm1", "198.19.1.2"),
        ("node-2", "infm2", "198.19.1.3"),
    ]
    assert API_URL == "https://198.19.1.1:6443"


def test_every_network_lies_in_the_range_for_benchmarks_and_none_overlaps_another() -> None:
    pods = [ipaddress.IPv4Network(node.pod_subnet) for node in Plan(MAX_NODES).workers]
    networks = [*pods, ipaddress.IPv4Network(LAN), ipaddress.IPv4Network(SERVICES)]
    overlapping = [(one, other) for one in networks for other in networks if one < other and one.overlaps(other)]

    assert all(network.subnet_of(BENCHMARKS) for network in networks)
    assert overlapping == []


def test_the_control_plane_has_no_pods() -> None:
    with pytest.raises(ValueError, match="runs no pods"):
        _ = Member(0).pod_subnet


@pytest.mark.parametrize(("nodes", "gpus"), [(0, 0), (MAX_NODES + 1, 0), (1, -1)])
def test_a_plan_that_cannot_be_is_refused(nodes: int, gpus: int) -> None:
    with pytest.raises(ValueError, match="use"):
        Plan(nodes, gpus)
