"""OpenStack Swift with its S3 interface in one process, on a loopback address, with TLS: a real store for the specs of backups.

usage: s3-store.py FOLDER ADDRESS PORT CERT KEY ID SECRET BUCKET   (Debian: python3-swift; ID is tenant:user)
"""
import os
import sys

import eventlet

eventlet.monkey_patch()
from eventlet import wsgi
from paste.deploy import loadapp
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common import storage_policy
from swift.common.swob import Request

folder, address, port, cert, key, who, secret, bucket = sys.argv[1:9]
conf = os.path.join(folder, 'conf')
disks = os.path.join(folder, 'disks')
os.makedirs(conf, exist_ok=True)
os.makedirs(os.path.join(disks, 'd1'), exist_ok=True)
os.makedirs(os.path.join(folder, 'cache'), exist_ok=True)

with open(os.path.join(conf, 'swift.conf'), 'w') as f:
    f.write('[swift-hash]\nswift_hash_path_suffix = spec\nswift_hash_path_prefix = spec\n')
utils.SWIFT_CONF_FILE = os.path.join(conf, 'swift.conf')
utils.HASH_PATH_SUFFIX = b'spec'
utils.HASH_PATH_PREFIX = b'spec'
storage_policy.SWIFT_CONF_FILE = utils.SWIFT_CONF_FILE
storage_policy.reload_storage_policies()

socks = {}
for kind in ('account', 'container', 'object'):
    socks[kind] = eventlet.listen((address, 0))
for kind in ('account', 'container', 'object'):
    b = RingBuilder(4, 1, 0)
    b.add_dev({'region': 1, 'zone': 1, 'ip': address, 'port': socks[kind].getsockname()[1], 'device': 'd1', 'weight': 1.0, 'id': 0,
               'replication_ip': address, 'replication_port': socks[kind].getsockname()[1], 'meta': ''})
    b.rebalance()
    b.get_ring().save(os.path.join(conf, kind + '.ring.gz'))

def app(name, text):
    path = os.path.join(conf, name + '.conf')
    with open(path, 'w') as f:
        f.write(text)
    return loadapp('config:' + path, name='main', global_conf={'log_name': name, '__file__': path})

def storage(kind):
    return app(kind, f"""[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
devices = {disks}
mount_check = false
swift_dir = {conf}
recon_cache_path = {folder}/cache
fallocate_reserve = 0
""")

class Memory:
    """In place of memcached: everything is one process."""
    def __init__(self):
        self.kept = {}
    def get(self, key, *_, **__):
        return self.kept.get(key)
    def set(self, key, value, *_, **__):
        self.kept[key] = value
    def incr(self, key, delta=1, *_, **__):
        self.kept[key] = int(self.kept.get(key) or 0) + delta
        return self.kept[key]
    def decr(self, key, delta=1, *_, **__):
        return self.incr(key, -delta)
    def delete(self, key, *_, **__):
        self.kept.pop(key, None)
    def set_multi(self, values, *_, **__):
        self.kept.update(values)
    def get_multi(self, keys, *_, **__):
        return [self.kept.get(key) for key in keys]

for kind in ('account', 'container', 'object'):
    eventlet.spawn(wsgi.server, socks[kind], storage(kind), log=open(os.devnull, 'w'))
proxy = app('proxy', f"""[pipeline:main]
pipeline = catch_errors gatekeeper s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
swift_dir = {conf}
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_{who.replace(':', '_')} = {secret} .admin
[filter:slo]
use = egg:swift#slo
""")
memory = Memory()
def with_memory(environ, start):
    environ['swift.cache'] = memory
    return proxy(environ, start)
made = Request.blank(f"/v1/AUTH_{who.split(':')[0]}/{bucket}", environ={'REQUEST_METHOD': 'PUT', 'swift.authorize_override': True})
assert made.get_response(with_memory).is_success, 'no bucket'
front = eventlet.wrap_ssl(eventlet.listen((address, int(port))), certfile=cert, keyfile=key, server_side=True)
print('ready', flush=True)
wsgi.server(front, with_memory, log=open(os.path.join(folder, 'access.log'), 'a'))
