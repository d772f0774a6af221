BEGIN TRANSACTION;
CREATE TABLE audit (
	org TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	timestamp TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	address TEXT, 
	outcome TEXT, 
	hash TEXT NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY (org, seq), 
	FOREIGN KEY(org) REFERENCES lineages (org)
);
INSERT INTO "audit" VALUES('dev',1,'2026-01-31T12:00:00Z','run-1','result','Widget/queue-aht',NULL,'d28f71ea1192d150146d179f5b5d3f93dfa4bb757c434ce550cf49b3d2639eba','{"action":null,"actor":"kim","address":"Widget/queue-aht","attempts":null,"commit":null,"correlation_id":null,"detail":{},"error":null,"fields":{},"hash":"d28f71ea1192d150146d179f5b5d3f93dfa4bb757c434ce550cf49b3d2639eba","http_status":null,"idempotency_key":null,"kind":null,"latency_ms":null,"org":"dev","outcome":null,"phase":"result","plan_fingerprint":null,"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000","remote_id":null,"run_id":"run-1","seq":1,"timestamp":"2026-01-31T12:00:00Z"}');
INSERT INTO "audit" VALUES('dev',2,'2026-01-31T12:00:00Z','run-1','result','Widget/queue-aht',NULL,'f9a29d4fb8834c9a7bd833faf391db2e5757491e3d1274fbf43eb14503ff6123','{"action":null,"actor":"kim","address":"Widget/queue-aht","attempts":null,"commit":null,"correlation_id":null,"detail":{},"error":null,"fields":{},"hash":"f9a29d4fb8834c9a7bd833faf391db2e5757491e3d1274fbf43eb14503ff6123","http_status":null,"idempotency_key":null,"kind":null,"latency_ms":null,"org":"dev","outcome":null,"phase":"result","plan_fingerprint":null,"previous_hash":"d28f71ea1192d150146d179f5b5d3f93dfa4bb757c434ce550cf49b3d2639eba","remote_id":null,"run_id":"run-1","seq":2,"timestamp":"2026-01-31T12:00:00Z"}');
INSERT INTO "audit" VALUES('dev',3,'2026-01-31T12:00:00Z','run-1','result','Schema/customer',NULL,'96a6e00227e54f0cb57002f641f80c0d2caf55de136165864f1d217053ae42f5','{"action":null,"actor":"kim","address":"Schema/customer","attempts":null,"commit":null,"correlation_id":null,"detail":{},"error":null,"fields":{},"hash":"96a6e00227e54f0cb57002f641f80c0d2caf55de136165864f1d217053ae42f5","http_status":null,"idempotency_key":null,"kind":null,"latency_ms":null,"org":"dev","outcome":null,"phase":"result","plan_fingerprint":null,"previous_hash":"f9a29d4fb8834c9a7bd833faf391db2e5757491e3d1274fbf43eb14503ff6123","remote_id":null,"run_id":"run-1","seq":3,"timestamp":"2026-01-31T12:00:00Z"}');
INSERT INTO "audit" VALUES('prod',1,'2026-01-31T12:00:00Z','run-1','state',NULL,NULL,'62bcab2c54dfec4efecb7130416fd38c034bc070797a45af3be02e805bfddf71','{"action":null,"actor":"kim","address":null,"attempts":null,"commit":null,"correlation_id":null,"detail":{},"error":null,"fields":{},"hash":"62bcab2c54dfec4efecb7130416fd38c034bc070797a45af3be02e805bfddf71","http_status":null,"idempotency_key":null,"kind":null,"latency_ms":null,"org":"prod","outcome":null,"phase":"state","plan_fingerprint":null,"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000","remote_id":null,"run_id":"run-1","seq":1,"timestamp":"2026-01-31T12:00:00Z"}');
CREATE TABLE journal (
	id INTEGER NOT NULL, 
	org TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	action TEXT NOT NULL, 
	step INTEGER NOT NULL, 
	label TEXT NOT NULL, 
	method TEXT NOT NULL, 
	path TEXT NOT NULL, 
	key_header TEXT, 
	"key" TEXT NOT NULL, 
	body TEXT NOT NULL, 
	creates BOOLEAN NOT NULL, 
	started_at TEXT NOT NULL, 
	plan_fingerprint TEXT, 
	entry TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(org) REFERENCES lineages (org)
);
INSERT INTO "journal" VALUES(1,'dev','run-1','Schema','customer','create',0,'create the widget','POST','/api/v2/widgets','Idempotency-Key','key-0','{"name":"customer"}',1,'2026-01-31T12:00:00.000000+00:00',NULL,'null');
CREATE TABLE lineages (
	org TEXT NOT NULL, 
	lineage TEXT NOT NULL, 
	serial INTEGER NOT NULL, 
	org_id TEXT, 
	api_host TEXT, 
	client_id TEXT, 
	audit_seq INTEGER NOT NULL, 
	audit_hash TEXT NOT NULL, 
	PRIMARY KEY (org)
);
INSERT INTO "lineages" VALUES('dev','lineage-of-dev',4,'org-1','api.example.com','client-1',3,'96a6e00227e54f0cb57002f641f80c0d2caf55de136165864f1d217053ae42f5');
INSERT INTO "lineages" VALUES('prod','lineage-of-prod',1,NULL,NULL,NULL,1,'62bcab2c54dfec4efecb7130416fd38c034bc070797a45af3be02e805bfddf71');
CREATE TABLE locks (
	org TEXT NOT NULL, 
	token TEXT NOT NULL, 
	description TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	space TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	started TEXT NOT NULL, 
	since TEXT NOT NULL, 
	PRIMARY KEY (org), 
	FOREIGN KEY(org) REFERENCES lineages (org)
);
INSERT INTO "locks" VALUES('dev','4f2e38b780f4de03c9a7ec6396a106e1','apply by kim','run-1','ci-7','',4321,'1','2026-01-31T12:00:00Z');
CREATE TABLE resources (
	org TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id TEXT NOT NULL, 
	status TEXT NOT NULL, 
	applied_at TEXT, 
	plan_fingerprint TEXT, 
	base TEXT NOT NULL, 
	answered TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	lifecycle TEXT NOT NULL, 
	labels TEXT NOT NULL, 
	dependencies TEXT NOT NULL, 
	source TEXT NOT NULL, 
	PRIMARY KEY (org, kind, name), 
	FOREIGN KEY(org) REFERENCES lineages (org)
);
INSERT INTO "resources" VALUES('dev','Widget','queue-aht','remote-1','settled',NULL,NULL,'{"secret":{"$secret":"d1"}}','{}','{}','{"adopt":false,"ignore_changes":[],"on_remove":"delete","prevent_destroy":false}','{}','[]','null');
CREATE TABLE store (
	id INTEGER NOT NULL, 
	schema_version INTEGER NOT NULL, 
	secret_key BLOB NOT NULL, 
	created_at TEXT NOT NULL, 
	opened_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "store" VALUES(1,1,X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F','2026-01-31T12:00:00.000000+00:00','2026-01-31T12:00:00.000000+00:00');
CREATE TABLE tombstones (
	org TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id TEXT NOT NULL, 
	deleted_at TEXT NOT NULL, 
	plan_fingerprint TEXT, 
	PRIMARY KEY (org, kind, name, remote_id), 
	FOREIGN KEY(org) REFERENCES lineages (org)
);
CREATE INDEX tombstones_by_age ON tombstones (org, deleted_at);
CREATE INDEX journal_by_change ON journal (org, run_id, kind, name);
COMMIT;
