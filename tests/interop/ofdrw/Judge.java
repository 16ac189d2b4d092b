import java.io.File;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.Security;
import javax.imageio.ImageIO;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.ofdrw.converter.ImageMaker;
import org.ofdrw.reader.OFDReader;
import org.ofdrw.sign.verify.OFDValidator;
import org.ofdrw.sign.verify.SignedDataValidateContainer;
import org.ofdrw.sign.verify.container.GBT35275ValidateContainer;
import org.ofdrw.sign.verify.container.SESV4ValidateContainer;

/**
 * Judges the signatures of an OFD and draws its first page: Judge FILE.ofd PAGE.png [sign]; prints VALID or what is
 * wrong. With "sign" they are signatures without a seal (GB/T 35275).
 */
public class Judge {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Path file = Paths.get(arguments[0]);
        try (OFDReader reader = new OFDReader(file); OFDValidator validator = new OFDValidator(reader)) {
            boolean plain = arguments.length > 2 && arguments[2].equals("sign");
            SignedDataValidateContainer container =
                plain ? new GBT35275ValidateContainer() : new SESV4ValidateContainer();
            validator.setValidator(container);
            validator.exeValidate();
            System.out.println("VALID");
        } catch (Exception refusal) {
            System.out.println("REFUSED " + refusal);
            return;
        }
        try (OFDReader reader = new OFDReader(file)) {
            ImageIO.write(new ImageMaker(reader, 6).makePage(0), "PNG", new File(arguments[1]));
        }
    }
}
