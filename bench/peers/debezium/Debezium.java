import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.debezium.engine.format.Json;
import java.io.FileOutputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/**
 * Debezium's embedded engine with the work that the bench gives to everybody: count the rows, produce them to Kafka, or UNLINK
 * `row:{id}`. Settings are system properties; prints the seconds that the second half of the backlog took.
 */
public class Debezium {
  static final long TOTAL = Long.getLong("rows");
  static final String WORK = System.getProperty("work");
  static long rows = 0;
  static long halfRows = 0;
  static long halfAt = 0;
  static Pipeline pipeline = null;
  static KafkaProducer<String, String> producer = null;

  public static void main(String[] args) throws Exception {
    if (WORK.equals("unlink")) pipeline = new Jedis(System.getProperty("redis")).pipelined();
    if (WORK.equals("kafka")) producer = openProducer();
    Properties properties = properties();
    Runnable engine = WORK.equals("kafka")
        ? DebeziumEngine.create(Json.class).using(properties).using(Debezium::ended).notifying(Debezium::produce).build()
        : DebeziumEngine.create(ChangeEventFormat.of(Connect.class)).using(properties).using(Debezium::ended).notifying(Debezium::take).build();
    engine.run();
  }

  static void ended(boolean success, String message, Throwable error) {
    System.err.println("the engine ended: " + message);
    if (error != null) error.printStackTrace();
    System.exit(1);
  }

  static void take(List<RecordChangeEvent<SourceRecord>> events, DebeziumEngine.RecordCommitter<RecordChangeEvent<SourceRecord>> committer) throws InterruptedException {
    for (RecordChangeEvent<SourceRecord> event : events) {
      SourceRecord record = event.record();
      if (record.key() instanceof Struct && ((Struct) record.key()).schema().field("id") != null) {
        if (pipeline != null) pipeline.unlink("row:" + ((Struct) record.key()).get("id"));
        rows++;
      }
      committer.markProcessed(event);
    }
    if (pipeline != null) pipeline.sync();
    committer.markBatchFinished();
    progress();
  }

  static void produce(List<ChangeEvent<String, String>> events, DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer) throws InterruptedException {
    for (ChangeEvent<String, String> event : events) {
      if (event.key() != null && event.key().contains("\"id\"")) {
        producer.send(new ProducerRecord<>(System.getProperty("topic"), event.key(), event.value()));
        rows++;
      }
      committer.markProcessed(event);
    }
    // An offset is only remembered when what comes before it is safe.
    producer.flush();
    committer.markBatchFinished();
    progress();
  }

  static void progress() {
    if (halfAt == 0 && rows >= TOTAL / 2) {
      halfRows = rows;
      halfAt = System.nanoTime();
    }
    if (rows < TOTAL || Boolean.getBoolean("forever")) return;
    double share = (double) (rows - halfRows) / rows;
    System.out.println("{\"share\":" + share + ",\"seconds\":" + (System.nanoTime() - halfAt) / 1e9 + "}");
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  static KafkaProducer<String, String> openProducer() {
    Map<String, Object> options = new HashMap<>();
    options.put("bootstrap.servers", System.getProperty("brokers"));
    options.put("linger.ms", 5);
    options.put("batch.size", 131072);
    return new KafkaProducer<>(options, new StringSerializer(), new StringSerializer());
  }

  static Properties properties() throws Exception {
    Properties properties = new Properties();
    properties.setProperty("name", "bench");
    properties.setProperty("connector.class", "io.debezium.connector.mysql.MySqlConnector");
    properties.setProperty("database.hostname", System.getProperty("host"));
    properties.setProperty("database.port", System.getProperty("port"));
    properties.setProperty("database.user", System.getProperty("user"));
    properties.setProperty("database.password", System.getProperty("password"));
    properties.setProperty("database.server.id", String.valueOf(4_200_000L + ProcessHandle.current().pid() % 100_000));
    properties.setProperty("topic.prefix", "bench");
    properties.setProperty("database.include.list", System.getProperty("table").split("\\.")[0]);
    properties.setProperty("table.include.list", System.getProperty("table"));
    properties.setProperty("include.schema.changes", "false");
    properties.setProperty("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
    properties.setProperty("offset.storage.file.filename", offsets().toString());
    properties.setProperty("offset.flush.interval.ms", "1000");
    // The tables as they are now: nothing but rows has changed since the backlog began.
    properties.setProperty("snapshot.mode", "recovery");
    properties.setProperty("schema.history.internal", "io.debezium.relational.history.MemorySchemaHistory");
    properties.setProperty("key.converter.schemas.enable", "false");
    properties.setProperty("value.converter.schemas.enable", "false");
    // More than one batch ahead, and no waiting for more.
    properties.setProperty("max.batch.size", System.getProperty("batch", "8192"));
    properties.setProperty("max.queue.size", "32768");
    properties.setProperty("poll.interval.ms", System.getProperty("poll", "10"));
    return properties;
  }

  /** What the engine would have written there when the backlog began. */
  static Path offsets() throws Exception {
    Path file = Files.createTempFile("bench-debezium-offsets", ".dat");
    file.toFile().deleteOnExit();
    HashMap<byte[], byte[]> map = new HashMap<>();
    map.put(utf8("[\"bench\",{\"server\":\"bench\"}]"),
        utf8("{\"file\":\"" + System.getProperty("file") + "\",\"pos\":" + System.getProperty("offset") + ",\"gtids\":\"" + System.getProperty("gtids") + "\"}"));
    try (ObjectOutputStream out = new ObjectOutputStream(new FileOutputStream(file.toFile()))) {
      out.writeObject(map);
    }
    return file;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
