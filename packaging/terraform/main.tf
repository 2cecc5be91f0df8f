# Three machines in two zones of an OpenStack cloud: the servers in one each, the arbiter in the second one or in a third.
# terraform init && terraform apply -var image=debian-12 -var network=... -var 'zones=["z1","z2","z2"]'
terraform {
  required_version = ">= 1.5"
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.0"
    }
  }
}

variable "image" {
  type        = string
  description = "Debian 12"
}

variable "network" {
  type        = string
  description = "Name of the network that the three share"
}

variable "key_pair" {
  type = string
}

variable "zones" {
  type        = list(string)
  description = "Availability zones of a, b and w"
  validation {
    condition     = length(var.zones) == 3 && var.zones[0] != var.zones[1]
    error_message = "Three zones are wanted, and the two servers in different ones."
  }
}

variable "flavors" {
  type    = map(string)
  default = { data = "m1.small", witness = "m1.tiny" }
}

variable "allowed_from" {
  type        = string
  description = "Network of senders, agents and people"
  default     = "0.0.0.0/0"
}

locals {
  members = {
    a = { kind = "data", zone = var.zones[0] }
    b = { kind = "data", zone = var.zones[1] }
    w = { kind = "witness", zone = var.zones[2] }
  }
  # What comes from outside: syslog, RELP, traps, custom traps, console, load balancers, agents, ssh.
  open = {
    tcp = [22, 514, 2514, 6514, 8080, 8081, 8084, 8162]
    udp = [162, 514]
  }
  rules = { for rule in flatten([for protocol, ports in local.open : [for port in ports : { protocol = protocol, port = port }]]) : "${rule.protocol}-${rule.port}" => rule }
}

data "openstack_networking_network_v2" "shared" {
  name = var.network
}

resource "openstack_networking_secgroup_v2" "yosugara" {
  name = "yosugara"
}

# Among themselves everything: consensus 7946, journals 7947, joins 7948, the line to another site 7949, PostgreSQL 5442.
resource "openstack_networking_secgroup_rule_v2" "among" {
  direction         = "ingress"
  ethertype         = "IPv4"
  remote_group_id   = openstack_networking_secgroup_v2.yosugara.id
  security_group_id = openstack_networking_secgroup_v2.yosugara.id
}

resource "openstack_networking_secgroup_rule_v2" "open" {
  for_each          = local.rules
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = each.value.protocol
  port_range_min    = each.value.port
  port_range_max    = each.value.port
  remote_ip_prefix  = var.allowed_from
  security_group_id = openstack_networking_secgroup_v2.yosugara.id
}

# The floating address: reserved, and allowed at both servers' ports.
resource "openstack_networking_port_v2" "floating" {
  name       = "yosugara-floating"
  network_id = data.openstack_networking_network_v2.shared.id
}

resource "openstack_networking_port_v2" "member" {
  for_each           = local.members
  name               = "yosugara-${each.key}"
  network_id         = data.openstack_networking_network_v2.shared.id
  security_group_ids = [openstack_networking_secgroup_v2.yosugara.id]

  dynamic "allowed_address_pairs" {
    for_each = each.value.kind == "data" ? [1] : []
    content {
      ip_address = openstack_networking_port_v2.floating.all_fixed_ips[0]
    }
  }
}

resource "openstack_compute_instance_v2" "member" {
  for_each          = local.members
  name              = "yosugara-${each.key}"
  image_name        = var.image
  flavor_name       = var.flavors[each.value.kind]
  key_pair          = var.key_pair
  availability_zone = each.value.zone

  network {
    port = openstack_networking_port_v2.member[each.key].id
  }
}

output "hosts_ini" {
  description = "For packaging/ansible: terraform output -raw hosts_ini > hosts.ini"
  value = join("\n", concat(["[yosugara]"], [
    for name, member in local.members :
    "${name} ansible_host=${openstack_networking_port_v2.member[name].all_fixed_ips[0]} yosugara_kind=${member.kind} zone=${member.zone}"
  ], [""]))
}

output "floating_address" {
  value = openstack_networking_port_v2.floating.all_fixed_ips[0]
}
