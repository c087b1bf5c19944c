// A program that uses @segment/analytics-node, as its documentation shows. `segment_node.mjs URL KEY USER`
import { Analytics } from '@segment/analytics-node'

const [host, writeKey, userId] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host })
analytics.on('error', (error) => console.error(error.code))
analytics.identify({ userId, traits: { title: 'CTO' } })
analytics.track({ userId, event: 'Trial Started', properties: { plan: 'team' } })
analytics.track({ userId, event: 'Email Link Clicked' })
await analytics.closeAndFlush()
