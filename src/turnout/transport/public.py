"""Which addresses are the public internet's: nothing of this machine, its network, or its cloud's inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Public by number and private by use. Azure's own services:
# https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
# Protocol assignments (RFC 6890), Oracle's metadata among them. Both read 2026-11-21.
_INSIDE = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24")))

# IPv6 addresses with an IPv4 one in their last 32 bits: mapped and compatible (RFC 4291), translated (RFC 2765, 6052, 8215).
_CARRIERS = tuple(map(ip_network, ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))


def is_public(address: str) -> bool:
    """False for whatever is not a global unicast address: private, loopback, link-local, shared (CGNAT), multicast, reserved,
    and for IPv6 addresses that lead to such an IPv4 one. False for what is no address at all.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(map(_is_global, (found, *_carried(found))))


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    outside = address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
    if isinstance(address, IPv6Address) and address.is_site_local:
        return False
    return outside and not any(address in network for network in _INSIDE)


def _carried(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    carried = [address.sixtofour] if address.sixtofour is not None else []
    if address.teredo is not None:
        carried += address.teredo
    if any(address in network for network in _CARRIERS):
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return carried
