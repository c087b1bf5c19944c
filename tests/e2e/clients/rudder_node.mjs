// A program that uses @rudderstack/rudder-sdk-node, as its documentation shows. `rudder_node.mjs URL KEY USER`
// Without an `errorHandler` a batch that is refused is an unhandled rejection, which ends the process.
import RudderAnalytics from '@rudderstack/rudder-sdk-node'

const [dataPlaneUrl, writeKey, userId] = process.argv.slice(2)
const analytics = new RudderAnalytics(writeKey, {
  dataPlaneUrl,
  errorHandler: (error) => console.error(error.message),
})
// It sends the first call at once, by itself, and the others together.
analytics.identify({ userId, traits: { title: 'CTO' } })
analytics.track({ userId, event: 'Trial Started', properties: { plan: 'team' } })
analytics.track({ userId, event: 'Email Link Clicked' })
await analytics.flush()
