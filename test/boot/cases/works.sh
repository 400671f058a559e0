# shellcheck shell=bash disable=SC2154,SC2016
# The droplet on which all goes well.

stand_in() { on works cat "/var/lib/stand-in/$1"; }
events() { stand_in events | tail -n "${1:-100}" | tr '\n' ' '; }

case_works() {
  boot works 7200
  check 'cloud-init ends without an error, a warning or a failed unit of ours' \
    "$(problems_of works)" ''
  check 'cloud-init is done' "$(on works cloud-init status)" 'status: done'
  check 'worker, firewall and timer are active' \
    "$(on works systemctl is-active concourse-worker do-worker-firewall do-worker-expire.timer | tr '\n' ' ')" \
    'active active active '
  works_settings
  works_secrets
  works_firewall
  works_stops
  works_fails_closed
}

works_settings() {
  check 'the worker is told to work, as root' "$(stand_in arguments) $(stand_in uid)" 'worker 0'
  check 'every setting arrives as it was given' \
    "$(stand_in environ | grep -z '^CONCOURSE_' | sort -z | tr '\0' '|')" \
    "$(expected_settings | sort -z | tr '\0' '|')"
  check 'fly is left out' "$(on works ls /usr/local/concourse)" bin
  check 'the release is installed for its version' "$(on works cat /usr/local/concourse/.do-worker-release)" "$version"
  check 'one download' "$(grep -c 'GET /works.*tgz HTTP' "$work/requests")" 1
  on works systemctl restart do-worker-bootstrap
  check 'a second start downloads nothing' "$(grep -c 'GET /works.*tgz HTTP' "$work/requests")" 1
  check 'and has the worker back' "$(answers wait_until on works systemctl is-active concourse-worker)" yes
}

expected_settings() {
  printf '%s\0' CONCOURSE_BAGGAGECLAIM_DRIVER=overlay CONCOURSE_CERTS_DIR=/etc/ssl/certs \
    CONCOURSE_CONNECTION_DRAIN_TIMEOUT=1m CONCOURSE_CONTAINERD_DNS_SERVER=10.77.0.1 \
    CONCOURSE_CONTAINERD_RESTRICTED_NETWORK=169.254.169.254/32 CONCOURSE_EPHEMERAL=true \
    CONCOURSE_HEALTHCHECK_BIND_IP=127.0.0.1 CONCOURSE_RUNTIME=containerd \
    CONCOURSE_TAG="boot,$hostile_tag" CONCOURSE_TEAM="$hostile_team" \
    CONCOURSE_TSA_HOST=tsa.example.com:2222 CONCOURSE_TSA_PUBLIC_KEY=/etc/do-worker/tsa_host_key.pub \
    CONCOURSE_TSA_WORKER_PRIVATE_KEY=/etc/do-worker/worker_key CONCOURSE_WORK_DIR=/var/lib/concourse-worker
}

works_secrets() {
  local line
  line=$(sed -n 9p "$work/worker_key")
  check 'the worker key arrives whole' "$(on works cat /etc/do-worker/worker_key)" "$(cat "$work/worker_key")"
  check 'keys and settings are for root alone' \
    "$(on works 'cd /etc/do-worker && stat -c "%a %U %n" *.env worker_key' | tr '\n' ' ')" \
    '600 root bootstrap.env 600 root dns.env 600 root worker.env 600 root worker_key '
  # The rig's own seed stands for the metadata service.
  check 'no file that another user can read holds the key' \
    "$(on works "setpriv --reuid=65534 --regid=65534 --clear-groups grep -rlsF '$line' \
      /etc /run /var /tmp /usr/local /opt /root /home | grep -v /cloud/seed/")" ''
  check 'no log holds the key' "$(on works "grep -rlF '$line' /var/log; journalctl | grep -F '$line'")" ''
  check 'root has no password' "$(on works passwd --status root | cut -d ' ' -f 2)" L
}

# A name space behind the droplet is to it what a task's container is.
works_firewall() {
  local metadata=http://169.254.169.254/metadata/v1/id elsewhere=http://host.rig:$port/works/ address
  address=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' "$work/log-works/droplet.json")
  on works 'ip netns add box && ip link add tobox type veth peer name eth0 netns box &&
    ip addr add 10.80.0.1/24 dev tobox && ip link set tobox up &&
    ip -n box addr add 10.80.0.2/24 dev eth0 && ip -n box link set eth0 up && ip -n box route add default via 10.80.0.1 &&
    echo 1 >/proc/sys/net/ipv4/ip_forward &&
    nft "table ip test { chain nat { type nat hook postrouting priority srcnat; masquerade; }; }"'
  check 'root on the droplet reads the metadata' "$(on works curl -fsm 20 $metadata)" "$(id_of works)"
  check 'a container does not' "$(answers on works ip netns exec box curl -fsm 1 $metadata)" no
  check 'a container reaches other places' "$(answers on works ip netns exec box curl -fsm 20 "$elsewhere")" yes
  check 'a container cannot connect to the droplet' "$(answers on works ip netns exec box timeout 1 bash -c '</dev/tcp/10.80.0.1/22')" no
  check 'nobody can connect from outside' "$(answers ip netns exec "rig-$(id_of works)" timeout 1 bash -c "</dev/tcp/$address/22")" no
  on works nft delete table inet do_worker
  check 'it is the table that keeps a container from the metadata' "$(on works ip netns exec box curl -fsm 20 $metadata)" "$(id_of works)"
  check 'it is the table that keeps others out' \
    "$(answers ip netns exec "rig-$(id_of works)" timeout 20 bash -c "</dev/tcp/$address/22")" yes
  on works systemctl reload-or-restart do-worker-firewall
  check 'the firewall unit brings it back' "$(answers on works ip netns exec box curl -fsm 1 $metadata)" no
  # The rig's containers do not reboot; what would be started in which order is known all the same.
  check 'at a reboot it is there before the network is' \
    "$(on works systemctl show -P Before do-worker-early-firewall | tr ' ' '\n' | grep -x network-pre.target)" network-pre.target
  check 'and is enabled for it' "$(on works systemctl is-enabled do-worker-early-firewall)" enabled
  check 'and no unit waits for itself in that order' \
    "$(on works systemd-analyze verify --man=no default.target 2>&1 | grep -c 'ordering cycle')" 0
  check 'the one that the worker needs comes when cloud-init has written the rules' \
    "$(on works systemctl show -P After do-worker-firewall | tr ' ' '\n' | grep -x sysinit.target)" sysinit.target
}

is_alone() { on works true && ! on works pgrep -f 'sleep infinity'; }
is_started_again() { [ "$(events 2)" = 'TERM started ' ]; }

works_stops() {
  wait_until on works systemctl is-active concourse-worker
  on works 'kill -TERM $(systemctl show -P MainPID concourse-worker)'
  check 'a worker that ends with 0 is started again' "$(answers wait_until is_started_again)" yes
  on works systemctl stop concourse-worker
  check 'a stop retires the worker' "$(events 3)" 'started USR2 drained '
  # The same wait, shorter.
  on works 'mkdir -p /run/systemd/system/concourse-worker.service.d && printf "[Service]\nExecStop=\nExecStop=/usr/local/sbin/do-worker-retire 2\n" \
    >/run/systemd/system/concourse-worker.service.d/short.conf && systemctl daemon-reload && systemctl start concourse-worker &&
    touch /var/lib/stand-in/busy'
  on works systemctl stop concourse-worker
  check 'a stop waits for builds, but not for ever' "$(events 3)" 'started USR2 TERM '
  check 'nothing of the worker is left' "$(answers wait_until is_alone)" yes
}

works_fails_closed() {
  local before
  before=$(events)
  on works 'nft delete table inet do_worker; systemctl start --no-block concourse-worker; sleep 1'
  check 'no worker without the firewall' "$(events)" "$before"
}
