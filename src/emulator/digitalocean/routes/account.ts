import type {App} from '../app.js';
import {isAllowed, demand, type World} from '../world.js';

/** The account itself; its droplet limit shows with the scope droplet:read only (facts 10). */
export function accountRoutes(app: App, world: World): void {
  app.get('/v2/account', (c) => {
    demand(world, 'account:read');
    const {accountStatus, dropletLimit} = world.settings;
    return c.json({
      account: {
        ...(isAllowed(world, 'droplet:read') && {droplet_limit: dropletLimit}),
        floating_ip_limit: 3,
        reserved_ip_limit: 3,
        volume_limit: 100,
        email: 'sammy@example.com',
        name: 'Sammy the Shark',
        uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
        email_verified: true,
        status: accountStatus,
        status_message: accountStatus === 'active' ? '' : `Your account is ${accountStatus}.`,
        team: {uuid: '5df3e3004a17e242b7c20ca6c9fc25b701a47ece', name: 'My Team'},
      },
    });
  });
}
