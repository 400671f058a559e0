import {anyObject, object, oneOf, optional, positive, required, text, time} from './schema.js';

export const poolPattern = /^[\-\w]{1,38}\/[a-z](?:[\-0-9a-z]{0,36}[0-9a-z])?$/v;
export const namePattern = /^[\-\w]{1,38}$/v;

const name = text({pattern: namePattern});
const secret = text({pattern: /^[\-\w]{44}$/v});
const staticSecret = object({staticSecret: required(secret)});
const workerName = {
  workerPoolId: required(text({pattern: poolPattern})),
  workerGroup: required(name),
  workerId: required(name),
};
const bootTime = {systemBootTime: optional(time)};

/** Before v96.3 without the boot time. */
export const registration = ({rejectBootTime}: {rejectBootTime: boolean}) =>
  object({
    ...workerName,
    ...(!rejectBootTime && bootTime),
    providerId: required(name),
    workerIdentityProof: required(
      oneOf(
        object({token: required(text())}),
        staticSecret,
        object({document: required(text()), signature: required(text())}),
        object({document: required(text())}),
      ),
    ),
  });

export const reregistration = object({...workerName, secret: required(secret)});

export const workerDefinition = object({
  expires: required(time),
  capacity: optional(positive),
  providerInfo: optional(oneOf(staticSecret)),
});

export const errorReport = object({
  workerGroup: required(name),
  workerId: required(name),
  kind: required(text({pattern: /[\-0-9a-z]+/v, longest: 128})),
  title: required(text({longest: 128})),
  description: required(text({longest: 10_240})),
  extra: required(anyObject),
});

export const claim = object({
  workerGroup: required(name),
  workerId: required(name),
  tasks: optional(positive),
});

export const secretValue = object({secret: required(anyObject), expires: required(time)});
