# shellcheck shell=bash disable=SC2154
# Droplets that must end switched off: the sign by which cleanup finds them.

case_checksum() {
  boot checksum 7200
  check 'a release with another checksum switches the droplet off' "$(answers wait_until is_off checksum)" yes
  check 'the journal says why' "$(journal_of checksum | grep -c 'published is 00000000')" 3
  check 'nothing of it was installed' "$(cd "$(disk_of checksum)/usr/local" && ls -d concourse .do-worker* 2>/dev/null)" ''
  check 'nothing of it ran' "$(answers test -e "$(disk_of checksum)/var/lib/stand-in")" no
}

case_missing() {
  boot missing 7200
  check 'a release that is not there switches the droplet off' "$(answers wait_until is_off missing)" yes
  check 'it is asked for once' "$(grep -c 'GET /missing' "$work/requests")" 1
}

case_exits() {
  boot exits 7200
  # The same ten starts, sooner; on a slow machine they may be over by now.
  on exits 'mkdir -p /run/systemd/system/concourse-worker.service.d &&
    printf "[Service]\nRestartSec=100ms\n" >/run/systemd/system/concourse-worker.service.d/soon.conf &&
    systemctl daemon-reload'
  check 'a worker that keeps failing switches the droplet off' "$(answers wait_until is_off exits)" yes
  check 'it was started again and again first' \
    "$(answers test "$(journal_of exits | grep -c 'concourse-worker.service: Scheduled restart job')" -ge 9)" yes
}

case_stalls() {
  boot stalls 15
  check 'the ttl ends a droplet whose download hangs' "$(answers wait_until is_off stalls)" yes
  check 'it was the ttl' "$(journal_of stalls | grep -c 'Starting do-worker-expire.service')" 1
}
