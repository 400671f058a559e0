# shellcheck shell=bash disable=SC2154,SC2016
# Droplets for Taskcluster: one on which all goes well until its work is over, and one that is given another runner.

noted() { on "$1" cat "/var/lib/stand-in/$2"; }

case_runs() {
  boot_taskcluster runs
  check 'cloud-init ends without an error, a warning or a failed unit of ours' \
    "$(problems_of runs)" ''
  wait_until on runs test -e /var/lib/stand-in/worker-arguments
  check 'worker, firewall and timer are active' \
    "$(on runs systemctl is-active taskcluster-worker do-worker-firewall do-worker-expire.timer | tr '\n' ' ')" \
    'active active active '
  check 'the runner is told its configuration, as root' "$(noted runs arguments) $(noted runs uid)" \
    '/etc/start-worker/runner.yml 0'
  check 'the worker is told its own' "$(noted runs worker-arguments)" \
    'run --config /etc/generic-worker/config.json --with-worker-runner'
  check 'it runs in a folder of its own' "$(noted runs worker-folder)" /var/lib/generic-worker
  check 'the runner is the one of the version that rendered' \
    "$(grep -c "GET /runs/v$runner_version/start-worker-$runner_version-linux-x64.tar.zst HTTP" "$work/requests")" 1
  check 'the configuration, keys and settings are for root alone' \
    "$(on runs 'stat -c "%a %U %n" /etc/start-worker/runner.yml /etc/do-worker/bootstrap.env /etc/generic-worker/ed25519_key' | tr '\n' ' ')" \
    '600 root /etc/start-worker/runner.yml 600 root /etc/do-worker/bootstrap.env 600 root /etc/generic-worker/ed25519_key '
  check 'task users may run what they are to run' \
    "$(on runs 'cd /usr/local/bin && stat -c "%a %n" generic-worker livelog taskcluster-proxy' | tr '\n' ' ')" \
    '755 generic-worker 755 livelog 755 taskcluster-proxy '
  check 'an authority of one'"'"'s own is trusted, by Node too' \
    "$(on runs "grep -cFx '$(sed -n 5p "$work/ca.pem")' \"\$(systemctl show -P Environment taskcluster-worker | cut -d = -f 2)\"")" 1
  runs_secret
  check 'tasks have a name for their proxy, written once' "$(on runs grep -c taskcluster /etc/hosts)" 1
  # As cloud-init writes it where a worker is called so.
  on runs "sed -i 's/.* taskcluster$/127.0.1.1 taskcluster-r1.example.com taskcluster-r1/' /etc/hosts"
  on runs systemctl restart do-worker-bootstrap
  check 'whatever the droplet is called' "$(on runs getent hosts taskcluster)" '127.0.0.1       taskcluster'
  check 'a second start downloads nothing' "$(grep -c 'GET /runs/v.*HTTP' "$work/requests")" 5
  check 'and has the worker back: a stop is no end' "$(answers wait_until on runs systemctl is-active taskcluster-worker)" yes
  on runs touch /var/lib/stand-in/over
  check 'a worker whose work is over switches the droplet off' "$(answers wait_until is_off runs)" yes
}

has_fetched() { ! on runs test -e /var/lib/stand-in/mount; }

# mounts URL: has the worker, which is root, fetch it into `mounted`; tells whether it could.
mounts() {
  on runs "echo $1 >/var/lib/stand-in/mount"
  wait_until has_fetched
  answers [ "$(noted runs mount-status)" = 0 ]
}

# What a task could try, as the user that it runs as or through the worker, to get the secret with which that registers.
runs_secret() {
  local secret metadata=http://169.254.169.254/metadata/v1/user-data task='setpriv --reuid=65534 --regid=65534 --clear-groups'
  secret=$(on runs sed -n 's/.*staticSecret: "\(.*\)"/\1/p' /etc/start-worker/runner.yml)
  check 'there is a secret' "${#secret}" 44
  check 'a task does not read it in the metadata' "$(answers on runs "$task curl -fsm 1 $metadata")" no
  check 'neither does root' "$(answers on runs curl -fsm 1 $metadata)" no
  check 'nor the worker for a task' "$(mounts $metadata)" no
  check 'the worker fetches from other places' "$(mounts "http://host.rig:$port/runs/")" yes
  check 'a task reaches other places' "$(answers on runs "$task curl -fsm 20 http://host.rig:$port/runs/")" yes
  check 'what start-worker tells of the droplet is kept, for root alone' \
    "$(on runs 'cd /run/start-worker && stat -c "%a %U" metadata.json; grep -o "\"droplet_id\": *[0-9]*" metadata.json | tr -dc 0-9')" \
    "600 root
$(id_of runs)"
  check 'no file that a task can read holds it' \
    "$(on runs "$task grep -rlsFe '$secret' /etc /run /var /tmp /usr/local /opt /root /home | grep -v /cloud/seed/")" ''
  check 'no log holds it' "$(on runs "grep -rlFe '$secret' /var/log; journalctl | grep -Fe '$secret'")" ''
  on runs nft delete chain inet do_worker sealed
  check 'it is a chain that keeps the worker from the metadata' \
    "$(mounts $metadata) $(noted runs mounted | grep -cFe "$secret")" 'yes 1'
  on runs nft delete table inet do_worker
  check 'it is the table that keeps a task from it' "$(on runs "$task curl -fsm 20 $metadata" | grep -cFe "$secret")" 1
  on runs systemctl reload-or-restart do-worker-firewall
  check 'the firewall unit brings both back' \
    "$(answers on runs "$task curl -fsm 1 $metadata") $(answers on runs curl -fsm 1 $metadata)" 'no no'
  check 'and the worker' "$(answers wait_until on runs systemctl is-active taskcluster-worker)" yes
}

case_swapped() {
  boot_taskcluster swapped
  check 'a runner with another checksum switches the droplet off' "$(answers wait_until is_off swapped)" yes
  check 'the journal says why' "$(journal_of swapped | grep -c 'it should have 00000000')" 3
  check 'nothing of it was installed' "$(cd "$(disk_of swapped)/usr/local" && ls -d start-worker .do-worker* 2>/dev/null)" ''
  check 'nothing of it ran' "$(answers test -e "$(disk_of swapped)/var/lib/stand-in")" no
}
