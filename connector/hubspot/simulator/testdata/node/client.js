// Drives the simulated account with HubSpot's official Node client, as an
// integration of somebody else would. Run it with "make node-client"; it is no
// part of CI, which has no network. Every line that it prints was checked; it
// exits with 1 at the first thing that does not hold.
'use strict'
const assert = require('node:assert/strict')
const http = require('node:http')
const { Client, Signature } = require('@hubspot/api-client')
const { version } = require('@hubspot/api-client/package.json')

const { SIM_API, SIM_TOKEN, SIM_CONTROL, SIM_SECRET, RECEIVER } = process.env
const hubspot = new Client({ accessToken: SIM_TOKEN, basePath: SIM_API, numberOfApiRetries: 0 })
const step = (name) => console.log('ok  ' + name)
const ids = (records) => records.map((r) => r.id).sort()

async function refused (status, call) {
  await assert.rejects(call, (e) => {
    assert.equal(e.code, status, e.message)
    return true
  })
}

const spec = (id) => [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: id }]
const find = (propertyName, operator, value, more) => ({
  filterGroups: [{ filters: [{ propertyName, operator, ...value }] }], sorts: [], properties: more || [], limit: 10, after: '0'
})

async function contacts () {
  const api = hubspot.crm.contacts
  const one = await api.basicApi.create({ properties: { email: 'ada@example.com', firstname: 'Ada', lastname: 'Byron' }, associations: [] })
  assert.match(one.id, /^\d+$/)
  assert.ok(one.createdAt instanceof Date && one.properties.email === 'ada@example.com')
  step('contacts: create')
  const read = await api.basicApi.getById(one.id, ['email', 'phone'], ['firstname'], ['companies'], false)
  assert.equal(read.properties.phone, null)
  assert.equal(read.propertiesWithHistory.firstname[0].value, 'Ada')
  step('contacts: read one with history')
  const same = await api.basicApi.getById('ada@example.com', ['email'], undefined, undefined, false, 'email')
  assert.equal(same.id, one.id)
  step('contacts: read by e-mail address')
  const upd = await api.basicApi.update(one.id, { properties: { phone: '+49 30 1234' } })
  assert.equal(upd.properties.phone, '+49 30 1234')
  step('contacts: update')
  const made = await api.batchApi.create({ inputs: [1, 2, 3].map((n) => ({ properties: { email: `p${n}@example.org`, firstname: 'P' }, associations: [], objectWriteTraceId: 'c' + n })) })
  assert.equal(made.results.length, 3)
  step('contacts: batch create')
  const all = ids(made.results)
  const some = await api.batchApi.read({ properties: ['email'], propertiesWithHistory: [], inputs: [{ id: all[0] }, { id: all[1] }, { id: '1' }] })
  assert.deepEqual(ids(some.results), all.slice(0, 2))
  assert.equal(some.numErrors, 1)
  assert.equal(some.errors[0].category, 'OBJECT_NOT_FOUND')
  step('contacts: batch read with an unknown id (207)')
  const changed = await api.batchApi.update({ inputs: all.map((id) => ({ id, properties: { lastname: 'Changed' }, objectWriteTraceId: id })) })
  assert.deepEqual(ids(changed.results), all)
  step('contacts: batch update')
  const up = await api.batchApi.upsert({ inputs: [{ id: 'p1@example.org', idProperty: 'email', properties: { lastname: 'Again' } }, { id: 'new@example.org', idProperty: 'email', properties: { lastname: 'New' } }] })
  assert.deepEqual(up.results.map((r) => r._new).sort(), [false, true])
  step('contacts: batch upsert')
  const hit = await api.searchApi.doSearch(find('email', 'EQ', { value: 'p2@example.org' }, ['email']))
  assert.equal(hit.total, 1)
  const words = await api.searchApi.doSearch({ query: 'ada byr', filterGroups: [], sorts: [], properties: [], limit: 10, after: '0' })
  assert.equal(words.results[0].id, one.id)
  step('contacts: search by filter and by query')
  const page = await api.basicApi.getPage(2, undefined, ['email'])
  assert.equal(page.results.length, 2)
  const next = await api.basicApi.getPage(2, page.paging.next.after, ['email'])
  assert.equal(new Set([...ids(page.results), ...ids(next.results)]).size, 4)
  assert.equal((await api.getAll(100)).length, 5)
  step('contacts: pages')
  await refused(409, () => api.basicApi.create({ properties: { email: 'ada@example.com' }, associations: [] }))
  await refused(400, () => api.basicApi.create({ properties: { lifecyclestage: 'nonsense' }, associations: [] }))
  await refused(404, () => api.basicApi.update('17', { properties: { phone: '1' } }))
  await api.batchApi.archive({ inputs: [{ id: all[2] }] })
  assert.equal((await api.basicApi.getPage(100, undefined, [], [], [], true)).results.length, 1)
  step('contacts: refusals, archive')
  return [one.id, all[0], all[1]]
}

async function companies () {
  const one = await hubspot.crm.companies.basicApi.create({ properties: { name: 'Example Works', domain: 'example.net' }, associations: [] })
  step('companies: create')
  return one.id
}

async function tasks ([ada, other]) {
  const api = hubspot.crm.objects.tasks
  const props = (subject) => ({ hs_timestamp: '2026-11-04T09:00:00Z', hs_task_subject: subject, hs_task_status: 'NOT_STARTED', hs_task_type: 'CALL', hs_task_priority: 'HIGH' })
  const one = await api.basicApi.create({ properties: props('Call Ada'), associations: [{ to: { id: ada }, types: spec(204) }] })
  step('tasks: create with an association')
  await refused(400, () => api.basicApi.create({ properties: { hs_task_subject: 'no date' }, associations: [] }))
  step('tasks: without a due date they are refused')
  const two = await api.batchApi.create({ inputs: [ada, other].map((id, n) => ({ properties: props('Task ' + n), associations: [{ to: { id }, types: spec(204) }], objectWriteTraceId: 't' + n })) })
  const all = [one.id, ...ids(two.results)]
  const read = await api.batchApi.read({ properties: ['hs_task_subject', 'hs_task_status'], propertiesWithHistory: [], inputs: all.map((id) => ({ id })) })
  assert.equal(read.results.length, 3)
  await api.batchApi.update({ inputs: all.map((id) => ({ id, properties: { hs_task_status: 'COMPLETED' } })) })
  const done = await api.searchApi.doSearch(find('hs_task_status', 'IN', { values: ['COMPLETED'] }, ['hs_task_status']))
  assert.equal(done.total, 3)
  const hers = await api.searchApi.doSearch(find('associations.contact', 'EQ', { value: ada }))
  assert.equal(hers.total, 2)
  assert.equal((await api.basicApi.getById(one.id, ['hs_task_is_completed'])).properties.hs_task_is_completed, 'true')
  await api.basicApi.archive(all[2])
  step('tasks: batch create, read, update, search, archive')
}

async function deals (ada, company) {
  const pipes = await hubspot.crm.pipelines.pipelinesApi.getAll('deals')
  const stage = pipes.results[0].stages[0]
  assert.equal(stage.metadata.isClosed, 'false')
  const one = await hubspot.crm.deals.basicApi.create({
    properties: { dealname: 'Pumps', pipeline: pipes.results[0].id, dealstage: stage.id, amount: '1200' }, associations: [{ to: { id: ada }, types: spec(3) }]
  })
  const won = pipes.results[0].stages.find((s) => s.metadata.isClosed === 'true' && s.metadata.probability === '1.0')
  const upd = await hubspot.crm.deals.batchApi.update({ inputs: [{ id: one.id, properties: { dealstage: won.id } }] })
  assert.equal(upd.results[0].properties.dealstage, won.id)
  const hit = await hubspot.crm.deals.searchApi.doSearch(find('dealname', 'CONTAINS_TOKEN', { value: 'pump*' }, ['hs_is_closed_won']))
  assert.equal(hit.results[0].properties.hs_is_closed_won, 'true')
  const read = await hubspot.crm.deals.batchApi.read({ properties: ['amount'], propertiesWithHistory: ['dealstage'], inputs: [{ id: one.id }] })
  assert.equal(read.results[0].propertiesWithHistory.dealstage.length, 2)
  step('deals: pipelines, create, batch update, search, batch read')
  await hubspot.crm.associations.v4.basicApi.createDefault('deals', one.id, 'companies', company)
  return one.id
}

async function associations ([ada, other], company, deal) {
  const v4 = hubspot.crm.associations.v4
  await v4.basicApi.create('contacts', ada, 'companies', company, spec(1))
  const batch = await v4.batchApi.createDefault('contacts', 'companies', { inputs: [{ _from: { id: other }, to: { id: company } }] })
  assert.equal(batch.results[0]._from.id, other)
  const typed = await v4.batchApi.create('companies', 'contacts', { inputs: [{ _from: { id: company }, to: { id: other }, types: spec(280) }] })
  assert.equal(String(typed.results[0].toObjectId), other)
  const page = await v4.basicApi.getPage('companies', company, 'contacts', undefined, 1)
  assert.equal(page.results.length, 1)
  const rest = await v4.basicApi.getPage('companies', company, 'contacts', page.paging.next.after, 500)
  assert.equal(rest.results.length, 1)
  const read = await v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id: ada }, { id: other }] })
  assert.equal(read.results.length, 2)
  assert.ok(read.results.every((r) => r.to.every((t) => String(t.toObjectId) === company)))
  const none = await v4.batchApi.getPage('deals', 'calls', { inputs: [{ id: deal }] })
  assert.equal(none.errors[0].subCategory, 'crm.associations.NO_ASSOCIATIONS_FOUND')
  await v4.batchApi.archive('contacts', 'companies', { inputs: [{ _from: { id: other }, to: [{ id: company }] }] })
  await v4.basicApi.archive('contacts', ada, 'companies', company)
  assert.equal((await v4.basicApi.getPage('companies', company, 'contacts')).results.length, 0)
  const labels = await hubspot.crm.associations.v4.schema.definitionsApi.getAll('contacts', 'companies')
  assert.ok(labels.results.some((l) => l.label === 'Primary' && l.typeId === 1))
  step('associations: default, typed, batch, pages, labels, archive')
}

async function lists ([ada, other]) {
  const api = hubspot.crm.lists
  const made = await api.listsApi.create({ name: 'Hot leads', objectTypeId: '0-1', processingType: 'MANUAL' })
  const id = made.list.listId
  const add = await api.membershipsApi.add(id, [ada, other, '17'])
  assert.deepEqual(add.recordsIdsAdded.sort(), [ada, other].sort())
  assert.deepEqual(add.recordIdsMissing, ['17'])
  const page = await api.membershipsApi.getPage(id, undefined, undefined, 1)
  assert.ok(page.results[0].membershipTimestamp instanceof Date)
  const both = await api.membershipsApi.addAndRemove(id, { recordIdsToAdd: [], recordIdsToRemove: [other] })
  assert.deepEqual(both.recordIdsRemoved, [other])
  assert.deepEqual((await api.membershipsApi.remove(id, [ada])).recordIdsRemoved, [ada])
  const dynamic = await api.listsApi.create({
    name: 'Adas', objectTypeId: '0-1', processingType: 'DYNAMIC', filterBranch: {
      filterBranchType: 'OR', filters: [], filterBranches: [{ filterBranchType: 'AND', filterBranches: [], filters: [
        { filterType: 'PROPERTY', property: 'firstname', operation: { operationType: 'MULTISTRING', operator: 'IS_EQUAL_TO', values: ['Ada'], value: 'Ada', includeObjectsWithNoValueSet: false } }] }]
    }
  })
  await refused(400, () => api.membershipsApi.add(dynamic.list.listId, [ada]))
  assert.equal((await api.listsApi.getByName('Hot leads', '0-1')).list.listId, id)
  assert.equal((await api.listsApi.getById(dynamic.list.listId)).list.size, 1)
  const found = await api.listsApi.doSearch({ query: 'lead', processingTypes: ['MANUAL'], additionalProperties: [], listIds: [], offset: 0, count: 10 })
  assert.equal(found.total, 1)
  await refused(404, () => api.listsApi.getById('99999'))
  await refused(400, () => api.listsApi.create({ name: 'Hot leads', objectTypeId: '0-1', processingType: 'MANUAL' }))
  await api.listsApi.remove(id)
  step('lists: manual and dynamic, members, search, refusals')
}

async function definitions () {
  const api = hubspot.crm.properties
  await api.groupsApi.create('tasks', { name: 'example_group', label: 'Example', displayOrder: -1 })
  const p = await api.coreApi.create('tasks', { groupName: 'example_group', name: 'example_key', label: 'Key', type: 'string', fieldType: 'text', hasUniqueValue: true })
  assert.equal(p.hasUniqueValue, true)
  await refused(409, () => api.coreApi.create('tasks', { groupName: 'example_group', name: 'example_key', label: 'Key', type: 'string', fieldType: 'text' }))
  const some = await api.batchApi.create('contacts', { inputs: [{ groupName: 'contactinformation', name: 'example_points', label: 'Points', type: 'number', fieldType: 'number' }] })
  assert.equal(some.results[0].name, 'example_points')
  assert.equal((await api.coreApi.update('contacts', 'example_points', { label: 'All points' })).label, 'All points')
  await api.batchApi.archive('contacts', { inputs: [{ name: 'example_points' }] })
  await refused(404, () => api.coreApi.getByName('contacts', 'example_points'))
  const key = { properties: { hs_timestamp: '2026-11-04T09:00:00Z', example_key: 'k1' }, associations: [] }
  await hubspot.crm.objects.tasks.basicApi.create(key)
  await refused(409, () => hubspot.crm.objects.tasks.basicApi.create(key))
  assert.ok((await api.coreApi.getAll('contacts')).results.length > 100)
  step('properties: groups, unique key, batch, archive')
  const owners = await hubspot.crm.owners.ownersApi.getPage()
  assert.equal(owners.results[0].email, 'rep@example.com')
  assert.equal((await hubspot.crm.owners.ownersApi.getById(Number(owners.results[0].id))).id, owners.results[0].id)
  step('owners')
}

// deliveries waits for what the account sends to this program's own receiver.
async function deliveries () {
  const got = []
  const server = http.createServer((req, res) => {
    const chunks = []
    req.on('data', (c) => chunks.push(c))
    req.on('end', () => { got.push({ headers: req.headers, body: Buffer.concat(chunks).toString('utf8') }); res.end() })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/webhooks/hubspot`
  await control('webhook', { url, secret: SIM_SECRET })
  await control('contacts', { properties: { email: 'zoe@example.org', firstname: 'Zoë — café ☕' } })
  for (let i = 0; got.length === 0 && i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 50))
  await control('webhook', { url: '', secret: '' })
  server.close()
  assert.ok(got.length > 0, 'nothing was delivered')
  for (const { headers, body } of got) {
    const options = { clientSecret: SIM_SECRET, requestBody: body, url, timestamp: Number(headers['x-hubspot-request-timestamp']) }
    assert.ok(Signature.isValid({ ...options, method: 'POST', signatureVersion: 'v3', signature: headers['x-hubspot-signature-v3'] }))
    assert.ok(Signature.isValid({ ...options, signatureVersion: 'v1', signature: headers['x-hubspot-signature'] }))
    assert.ok(!Signature.isValid({ ...options, requestBody: body + ' ', method: 'POST', signatureVersion: 'v3', signature: headers['x-hubspot-signature-v3'] }))
  }
  step(`signatures: the client accepts ${got.length} deliveries of the simulator, v3 and v1, and refuses a changed one`)
}

async function control (path, body) {
  const res = await fetch(`${SIM_CONTROL}/control/${path}`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal(res.status, 200, await res.text())
}

// receiver sends what the client has signed to leadsync's own verifier.
async function receiver () {
  const send = async (body, timestamp, signed) => {
    const signature = Signature.getSignature('POST', 'v3', { clientSecret: SIM_SECRET, requestBody: signed, url: RECEIVER, timestamp })
    const headers = { 'X-HubSpot-Signature-v3': signature, 'X-HubSpot-Request-Timestamp': String(timestamp), 'Content-Type': 'application/json' }
    return (await fetch(RECEIVER, { method: 'POST', headers, body })).status
  }
  const body = '[{"eventId":1,"subscriptionId":2,"portalId":33,"appId":4,"subscriptionType":"contact.creation","objectId":5,"propertyValue":"Zoë ☕"}]'
  const now = Date.now()
  assert.equal(await send(body, now, body), 204)
  assert.equal(await send(body, now, body + ' '), 401)
  assert.equal(await send(body, now - 301000, body), 401)
  step('signatures: leadsync accepts what the client signs, and refuses changed and old ones')
}

async function main () {
  console.log('@hubspot/api-client ' + version)
  const people = await contacts()
  const company = await companies()
  await tasks(people)
  const deal = await deals(people[0], company)
  await associations(people, company, deal)
  await lists(people)
  await definitions()
  await deliveries()
  await receiver()
}

main().catch((e) => { console.error(e); process.exit(1) })
