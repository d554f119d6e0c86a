-- event_types: all that an org may be told. (meta.*, what Meta has posted, is for endpoints of that format alone.)
CREATE OR REPLACE FUNCTION event_types() RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN '{message.received,message.accepted,message.sent,message.delivered,message.read,message.failed,message.unconfirmed,'
       'wallet.low,wallet.empty,wallet.recharged,wallet.refund_reversed,channel.connected,channel.paused,channel.resumed,'
       'channel.removed,template.status,contact.opted_out,endpoint.disabled,endpoint.test}'::text[];
