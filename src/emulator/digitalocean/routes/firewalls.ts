import {randomUUID} from 'node:crypto';
import {ApiError, notFound, unprocessable} from '../api-error.js';
import {fields, noContent, type App, type Call} from '../app.js';
import type {Firewall, FirewallRule} from '../entities.js';
import {page} from '../pages.js';
import type {Fields} from '../plan.js';
import {demand, timestamp, type World} from '../world.js';

const one = '/v2/firewalls/:id';

/** Firewalls, which are kept and shown but block nothing. */
export function firewallRoutes(app: App, world: World): void {
  const {firewalls} = world.store;
  const find = (c: Call) => {
    const firewall = firewalls.get(c.req.param('id') ?? '');
    if (!firewall) {
      throw notFound();
    }

    return firewall;
  };

  app.get('/v2/firewalls', (c) => {
    demand(world, 'firewall:read');
    return page(c, 'firewalls', [...firewalls.values()], (each) => presentFirewall(world, each));
  });

  app.post('/v2/firewalls', (c) => {
    demand(world, 'firewall:create');
    const settings = readFirewall(world, fields(c));
    if ([...firewalls.values()].some(({name}) => name === settings.name)) {
      throw new ApiError(409, 'duplicate name');
    }

    const firewall: Firewall = {id: randomUUID(), createdAt: world.now(), ...settings};
    firewalls.set(firewall.id, firewall);
    return c.json({firewall: presentFirewall(world, firewall)}, 202);
  });

  app.get(one, (c) => {
    demand(world, 'firewall:read');
    return c.json({firewall: presentFirewall(world, find(c))});
  });

  app.put(one, (c) => {
    demand(world, 'firewall:update');
    const firewall = Object.assign(find(c), readFirewall(world, fields(c)));
    return c.json({firewall: presentFirewall(world, firewall)});
  });

  app.delete(one, (c) => {
    demand(world, 'firewall:delete');
    firewalls.delete(find(c).id);
    return noContent(c);
  });

  app.on(['POST', 'DELETE'], `${one}/:part{droplets|tags|rules}`, (c) => {
    demand(world, 'firewall:update');
    change(world, find(c), fields(c), c.req.method === 'POST');
    return noContent(c);
  });
}

/** A firewall as the API shows it, as if in force at once, with tags in their first spelling. */
export function presentFirewall({store}: World, firewall: Firewall) {
  return {
    id: firewall.id,
    name: firewall.name,
    status: 'succeeded',
    inbound_rules: firewall.inbound,
    outbound_rules: firewall.outbound,
    created_at: timestamp(firewall.createdAt),
    droplet_ids: [...firewall.dropletIds],
    tags: [...firewall.tags].map((key) => store.tags.get(key)?.name ?? key),
    pending_changes: [],
  };
}

function readFirewall(world: World, body: Fields) {
  const {name} = body;
  if (typeof name !== 'string' || !/^[\da-z][\d\-.a-z]+$/iv.test(name)) {
    throw unprocessable('name is invalid');
  }

  const inbound = rules(body.inbound_rules);
  const outbound = rules(body.outbound_rules);
  if (inbound.length + outbound.length === 0) {
    throw unprocessable('at least one rule is required');
  }

  return {name, inbound, outbound, dropletIds: dropletIds(world, body), tags: tags(world, body)};
}

function change(world: World, firewall: Firewall, body: Fields, isAdding: boolean): void {
  const apply = <T>(target: Set<T>, items: Set<T>) => {
    for (const item of items) {
      if (isAdding) {
        target.add(item);
      } else {
        target.delete(item);
      }
    }
  };

  apply(firewall.dropletIds, dropletIds(world, body));
  apply(firewall.tags, tags(world, body));
  for (const [mine, given] of [
    [firewall.inbound, rules(body.inbound_rules)],
    [firewall.outbound, rules(body.outbound_rules)],
  ] as const) {
    const keys = new Set(given.map((rule) => JSON.stringify(rule)));
    const others = mine.filter((rule) => !keys.has(JSON.stringify(rule)));
    mine.splice(0, mine.length, ...others, ...(isAdding ? given : []));
  }
}

/** ICMP has no ports and always returns 0, which also means all ports. */
function rules(given: unknown): FirewallRule[] {
  const list = (Array.isArray(given) ? given : []) as FirewallRule[];
  return list.map((rule) => {
    if (!['tcp', 'udp', 'icmp'].includes(rule.protocol)) {
      throw unprocessable('protocol is invalid');
    }

    if (rule.protocol !== 'icmp' && (rule.ports ?? '') === '') {
      throw unprocessable('ports is required');
    }

    return {...rule, ports: rule.protocol === 'icmp' || rule.ports === 'all' ? '0' : rule.ports};
  });
}

function dropletIds({store}: World, {droplet_ids: given}: Fields): Set<number> {
  const ids = (Array.isArray(given) ? given : []) as number[];
  if (ids.some((id) => !store.droplets.has(id))) {
    throw notFound();
  }

  return new Set(ids);
}

/** Unlike create, a firewall makes no tags. */
function tags({store}: World, {tags: given}: Fields): Set<string> {
  const keys = (Array.isArray(given) ? given : []).map((tag) => String(tag).toLowerCase());
  if (keys.some((key) => !store.tags.has(key))) {
    throw notFound();
  }

  return new Set(keys);
}
